"""A folder of networks, whichever library runs them."""

import pathlib

from t2t_vq.export.folder import filling
from t2t_vq.formats.exported import VOCABULARY


def write_networks(export_dir, exported, networks, write_network, vocabulary=None):
    """Writes networks, what is said of them, and how to use them.

    Args:
        export_dir: a folder that is not there yet, or empty.
        exported: the `t2t_vq.formats.exported.Exported` that describes them.
        networks: list of `Network`.
        write_network: function of a network and a path without ending, which writes it there.
        vocabulary: bytes of a SentencePiece model, for translation.

    Raises:
        FileExistsError: when `export_dir` holds files.
    """
    with filling(export_dir) as folder:
        folder = pathlib.Path(folder)
        for network in networks:
            write_network(network, folder / network.name)
        if vocabulary is not None:
            (folder / VOCABULARY).write_bytes(vocabulary)
        exported.save(folder)
