//! FlexMatch (Zhang et al., NeurIPS 2021), as LabelBench has it: a network learns from unlabelled images by what it says of them as
//! they are, where it is sure enough, on strongly changed views of them.

mod order;
mod thresholds;

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use tailward_experiment::definition::FlexMatch;
use tailward_models::classifier::Batch;
use tailward_models::output::Output;

pub use thresholds::{PseudoLabels, Said};

use crate::inputs::{Augmentation, Inputs, StrongAugmentation};
use crate::score::download;
use order::Order;

/// Images without labels: there is no field that could hold one.
#[derive(Clone, Debug)]
pub struct UnlabelledSet<'a> {
    /// The inputs of all training samples.
    pub inputs: &'a Inputs,
    /// The unlabelled samples' rows.
    pub rows: &'a [usize],
    /// Where their order comes from.
    pub order: ChaCha8Rng,
    /// Where crops and flips come from.
    pub views: ChaCha8Rng,
    /// Where strong views come from.
    pub strong: ChaCha8Rng,
}

/// What FlexMatch learned by in one training.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The share of pseudo-labels that counted, in each epoch.
    pub used: Vec<f64>,
    /// The last confident class of each unlabelled sample, in the order of the set.
    pub pseudo_labels: Vec<Option<u32>>,
}

/// Learning from unlabelled images, step by step.
pub(super) struct Consistency<'a> {
    definition: FlexMatch,
    set: UnlabelledSet<'a>,
    weak: Augmentation,
    strong: StrongAugmentation,
    order: Order,
    labels: PseudoLabels,
    used: Vec<f64>,
    seen: usize,
    counted: usize,
}

/// The unlabelled part of one step: what was drawn, before the network has seen it.
pub(super) struct Drawn {
    places: Vec<usize>,
}

impl<'a> Consistency<'a> {
    pub(super) fn new(
        definition: FlexMatch,
        weak: Augmentation,
        classes: usize,
        set: UnlabelledSet<'a>,
    ) -> Self {
        let order = Order::new(set.rows.len(), set.order.clone());
        let labels = PseudoLabels::new(set.rows.len(), classes, definition.threshold);
        let strong = StrongAugmentation { weak, operations: definition.operations };
        Self { definition, weak, strong, order, labels, set, used: Vec::new(), seen: 0, counted: 0 }
    }

    pub(super) fn begin_epoch(&mut self) {
        self.order.begin_epoch();
        (self.seen, self.counted) = (0, 0);
    }

    pub(super) fn end_epoch(&mut self) {
        self.used.push(self.counted as f64 / self.seen.max(1) as f64);
    }

    /// Images that a step adds to its labelled ones.
    pub(super) fn images_a_step(&self) -> usize {
        2 * self.definition.unlabelled_batch.min(self.set.rows.len())
    }

    /// The labelled images of a step, then the unlabelled ones as they are, then strong views of the same.
    pub(super) fn joined(&mut self, labelled: Batch) -> (Batch, Drawn) {
        let places = self.order.batch(self.definition.unlabelled_batch).to_vec();
        let rows: Vec<usize> = places.iter().map(|&place| self.set.rows[place]).collect();
        let weak = self.set.inputs.augmented_batch(&rows, &self.weak, &mut self.set.views);
        let epoch = self.used.len();
        let strong = self.set.inputs.strong_batch(&rows, epoch, &self.strong, &mut self.set.strong);
        (Batch::cat(vec![labelled, weak, strong]), Drawn { places })
    }

    /// Takes what the network says of the unlabelled images of a step: gives the logits of the labelled ones, `[labelled, classes]`,
    /// and the weighted loss on the strong views, the mean over all of them of what counts.
    pub(super) fn parted(&mut self, output: Output, drawn: Drawn, device: &Device) -> (Tensor<2>, Tensor<1>) {
        let [all, classes] = output.logits.dims();
        let count = drawn.places.len();
        let labelled = all - 2 * count;
        let part = |from: usize, to: usize| output.logits.clone().slice([from..to, 0..classes]);
        let weak = part(labelled, labelled + count).inner();
        let probabilities: Array2<f32> = download(softmax(weak, 1));
        let said = self.labels.tell(&drawn.places, probabilities.view());
        self.seen += count;
        self.counted += said.iter().filter(|said| said.counts).count();
        let mask: Vec<f32> = said.iter().map(|said| f32::from(u8::from(said.counts))).collect();
        let told: Vec<i32> = said.iter().map(|said| said.class as i32).collect();
        let mask = Tensor::<2>::from_data(TensorData::new(mask, [count, 1]), device);
        let told = Tensor::<2, Int>::from_data(TensorData::new(told, [count, 1]), device);
        let surprise = log_softmax(part(labelled + count, all), 1).neg().gather(1, Tensor::from_inner(told));
        let loss = (surprise * Tensor::from_inner(mask)).sum() * (self.definition.weight / count as f64);
        (part(0, labelled), loss)
    }

    pub(super) fn account(self) -> Account {
        Account { used: self.used, pseudo_labels: self.labels.of().to_vec() }
    }
}
