"""An image model of a run."""

from t2t_vq.errors import InvalidError
from t2t_vq.loading.loaded_codec import LoadedCodec
from t2t_vq.loading.provenance import about_run


class TrainedCodec(LoadedCodec):
    """An image model of a run, which can be scored and exported too.

    Args:
        path: folder of the run.
        run: its `t2t_vq.run.Run`.
        codec: a `t2t_vq.image_codec.ImageCodec`.
        checkpoint: path of the checkpoint that the weights are of.

    Attributes:
        run: the `Run`.
        hparams: its hyper-parameters, a dataclass of `t2t_vq.config`.
        model: the Keras model.

    Example:
        model = t2t_vq.load("runs/images")
        model.sample(16)  # uint8 [16, 32, 32, 3]
    """

    def __init__(self, path, run, codec, checkpoint):
        super().__init__(path, about_run(path, run, checkpoint), codec)
        self.run = run

    @property
    def hparams(self):
        return self.run.hparams

    @property
    def model(self):
        return self.codec.model

    def score(self, split="test", images=None, labels=None):
        """Scores reconstructions, and bounds what the images take.

        Args:
            split: "dev" or "test", of the prepared data of its problem.
            images, labels: arrays to score on instead, uint8 `[n, height, width, channels]` and
                integers `[n]`.

        Returns:
            A dict, see `t2t_vq.evaluation.images.score_images`.

        Raises:
            FileNotFoundError: when the data is missing.
            ValueError: when there are images and no labels, or the other way round.
        """
        from t2t_vq.evaluation.images import score_images

        if (images is None) != (labels is None):
            raise InvalidError("Images and labels are scored together. Give both, or neither.")
        if images is None:
            images, labels = self.run.make_problem().arrays(self.run.data_dir, split)
        return score_images(self.codec, images, labels)

    def export(self, export_dir, format="saved_model", precision="float32"):
        """Writes the model for serving.

        Args:
            export_dir: folder to write; new or empty.
            format: "saved_model", "openvino" or "onnx".
            precision: in which networks of OpenVINO and ONNX multiply.

        Returns:
            The names of what a SavedModel can do; none of another format.

        Raises:
            OSError: when the folder holds files, or cannot be written.
            ValueError: when the model cannot be exported so.
        """
        from t2t_vq.export.models import export_images

        return export_images(self.model, export_dir, format, precision, self.about)
