"""Makes min.json and export.csv of export.json, with the converter of Label Studio. See README.md."""

import pathlib
import shutil
import tempfile

from label_studio_sdk.converter import Converter

CONFIGURATION = """<View>
  <Image name="image" value="$image"/>
  <Choices name="label" toName="image" choice="single">
    <Choice value="lynx" hotkey="1"/>
    <Choice value="wolf" hotkey="2"/>
  </Choices>
</View>
"""

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    converter = Converter(CONFIGURATION, str(folder))
    converter.convert_to_json_min("export.json", str(folder / "min"), is_dir=False)
    converter.convert_to_csv("export.json", str(folder / "csv"), is_dir=False, sep=",", header=True)
    shutil.copy(folder / "min" / "result.json", "min.json")
    shutil.copy(folder / "csv" / "result.csv", "export.csv")
