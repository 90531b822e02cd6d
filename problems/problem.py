"""What every problem offers."""

import abc


class Problem(abc.ABC):
    """A task: it prepares its data once, and gives batches of it.

    Register a subclass with `@t2t_vq.register_problem`; its name is the class's in snake case.
    """

    registered_name = None

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
