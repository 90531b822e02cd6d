"""An image model that was loaded."""

from t2t_vq.loading.loaded import Loaded


class LoadedCodec(Loaded):
    """An image model: an export, or with more that it can do, a run.

    Args:
        path, about: see `Loaded`.
        codec: a `t2t_vq.image_codec.ImageCodec`, or a `t2t_vq.runtime.images.NetworkImageCodec`.

    Attributes:
        codec: the codec.

    Example:
        model = t2t_vq.load("export/images")
        model.decode(model.encode(images))  # uint8, of the shape of `images`
    """

    task = "images"

    def __init__(self, path, about, codec):
        super().__init__(path, about)
        self.codec = codec

    def encode(self, images):
        """Returns the codes of images.

        Args:
            images: uint8 `[n, height, width, channels]`.

        Returns:
            int32 `[n, positions, num_codebooks]`.

        Raises:
            ValueError: for images of another shape or type, or when there are no codes.
        """
        return self.codec.encode(images)

    def decode(self, codes):
        """Returns the images that codes stand for, uint8 `[n, height, width, channels]`.

        Args:
            codes: int32 `[n, positions, num_codebooks]`.

        Raises:
            ValueError: for codes of another shape or type, or when there are none.
        """
        return self.codec.decode(codes)

    def reconstruct(self, images):
        """Returns images as they come out of the bottleneck, uint8 of the same shape.

        Args:
            images: uint8 `[n, height, width, channels]`.

        Raises:
            ValueError: for images of another shape or type.
        """
        return self.codec.reconstruct(images)

    def sample(self, num, labels=None, seed=0, temperature=1.0):
        """Draws images from the prior.

        Args:
            num: number of images.
            labels: int32 `[num]`, for a prior that is told classes; by default all in turn.
            seed: the same gives the same images.
            temperature: of the prior, more than 0. Default 1.

        Returns:
            uint8 `[num, height, width, channels]`.

        Raises:
            ValueError: for arguments that cannot be drawn with.
        """
        return self.codec.sample(num, labels, seed, temperature)
