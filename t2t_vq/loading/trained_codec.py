"""An image model of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from t2t_vq.errors import InvalidError
from t2t_vq.loading.loaded_codec import LoadedCodec
from t2t_vq.loading.provenance import about_run
from t2t_vq.paths import StrPath

if TYPE_CHECKING:
    import numpy as np

    from t2t_vq.config import HParams
    from t2t_vq.image_codec import ImageCodec
    from t2t_vq.run import Run


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
        >>> model = t2t_vq.load("runs/images")
        >>> model.hparams.model
        'vq_autoencoder'
    """

    checkpoint: str

    def __init__(self, path: StrPath, run: Run, codec: ImageCodec, checkpoint: str) -> None:
        super().__init__(path, about_run(path, run, checkpoint), codec)
        self.run = run
        self.checkpoint = str(checkpoint)

    @property
    def hparams(self) -> HParams:
        return self.run.hparams

    @property
    def model(self) -> Any:
        return self.codec.model

    def score(
        self,
        split: str = "test",
        images: np.ndarray | None = None,
        labels: np.ndarray | None = None,
    ) -> dict[str, Any]:
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

        Example:
            >>> scores = t2t_vq.load("runs/images").score("dev")
            >>> scores["images"]
            3
        """
        from t2t_vq.evaluation.images import score_images

        if (images is None) != (labels is None):
            raise InvalidError("Images and labels are scored together. Give both, or neither.")
        if images is None or labels is None:
            images, labels = self.run.make_problem().arrays(self.run.data_dir, split)
        return score_images(self.codec, images, labels)

    def export(
        self, export_dir: StrPath, format: str = "saved_model", precision: str = "float32"
    ) -> Any:
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

        Example:
            >>> names = t2t_vq.load("runs/images").export("export/my_images", "onnx")
            >>> t2t_vq.load("export/my_images").sample(4).shape
            (4, 32, 32, 3)
        """
        from t2t_vq.export.models import export_images

        return export_images(self.model, export_dir, format, precision, self.about)
