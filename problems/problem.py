"""What every problem offers."""

import abc


class Problem(abc.ABC):
    """A task: it prepares its data once, and gives batches of it.

    Register a subclass with `@t2t_vq.register_problem`; its name is the class's in snake case.

    Attributes:
        task: what is learned from the data, "translation" or "images"; a hyper-parameter set has
            the same.
    """

    registered_name = None
    task = None

    @property
    def name(self):
        """The name under which the problem is registered."""
        return self.registered_name

    @abc.abstractmethod
    def generate_data(self, data_dir, source_dir=None):
        """Prepares the data, or finds that it is there already.

        Args:
            data_dir: folder to write to.
            source_dir: folder of the user's own data, for problems that read some.
        """

    @abc.abstractmethod
    def is_generated(self, data_dir):
        """Returns whether `data_dir` holds the whole data of this problem."""

    @abc.abstractmethod
    def model_arguments(self, data_dir):
        """Returns what a model has to know of the data, as arguments of its `from_hparams`."""

    @abc.abstractmethod
    def train_batches(self, data_dir, epoch, *, seed, batch_multiple=1, **batching):
        """Returns the training batches of one epoch, in an order set by `seed` and `epoch`.

        Args:
            data_dir: folder of the prepared data.
            epoch: number of the pass over the data, from 0.
            seed: of the order.
            batch_multiple: the number of rows is a multiple of this, say the replicas.
            **batching: what the hyper-parameters' `batching` gives.

        Returns:
            A `tf.data.Dataset` of known cardinality; its elements are dicts of tensors.
        """

    @abc.abstractmethod
    def batches(self, data_dir, split="dev", *, batch_multiple=1, **batching):
        """Returns the batches of one pass over a split in a fixed order.

        Args and returns as in `train_batches`; split is "dev", or another that there is.
        """
