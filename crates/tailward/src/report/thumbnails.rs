//! Small images for a page.

use std::path::PathBuf;

use tailward_datasets::SampleId;
use tailward_datasets::folder::Previews;
use tailward_experiment::document::Picture;
use tailward_labelling::page::data_url;
use tailward_labelling::project::Project;

/// The longer side of a thumbnail, in pixels.
const SIDE: u32 = 160;

/// Makes thumbnails of a project's images.
pub(super) struct Thumbnails<'a> {
    project: &'a Project,
    folder: PathBuf,
    previews: Previews,
}

impl<'a> Thumbnails<'a> {
    pub(super) fn of(project: &'a Project) -> Self {
        let folder = project.settings.images_in(&project.folder);
        Self { project, folder, previews: Previews::new(project.settings.limits.into()) }
    }

    /// An image with a line of text; nothing where its file is gone or is another than it was.
    pub(super) fn picture(&self, sample: SampleId, caption: String) -> Option<Picture> {
        let row = &self.project.images.rows()[sample.index()];
        let preview = self.previews.of(&self.folder.join(row.relative_path()?), Some(SIDE)).ok()?;
        (row.sha256.as_ref() == Some(&preview.sha256))
            .then(|| Picture { address: data_url(preview.media_type, &preview.bytes), caption })
    }
}
