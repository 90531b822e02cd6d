"""Packaging; maps the top-level problems/ and hparams/ into the package."""

import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "t2t_vq" / "__init__.py").read_text())[1]
COMMANDS = (
    *("datagen", "train", "distill", "decode", "score", "eval"),
    *("average", "export", "sample", "runs"),
)

setup(
    name="t2t-vq",
    version=VERSION,
    description="Discrete latent bottlenecks for Keras, learned by expectation-maximisation.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    keywords=[
        *("vector quantization", "VQ-VAE", "keras", "tensorflow", "discrete latent variables"),
        *("expectation-maximisation", "non-autoregressive translation", "machine translation"),
        *("residual vector quantization", "finite scalar quantization", "tensor2tensor"),
    ],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Software Development :: Libraries",
        "Topic :: Text Processing :: Linguistic",
        "Typing :: Typed",
    ],
    # The project itself has no published address.
    project_urls={"Paper": "https://arxiv.org/abs/1805.11063"},
    packages=[*find_packages(include=["t2t_vq*"]), "t2t_vq.problems", "t2t_vq.hparams"],
    package_dir={"t2t_vq.problems": "problems", "t2t_vq.hparams": "hparams"},
    # Its type hints count, says this file.
    package_data={"t2t_vq": ["py.typed"]},
    python_requires=">=3.10,<3.14",
    install_requires=[
        "absl-py>=2.1",
        # tensorflow-datasets needs it to download WMT'14, and does not say so.
        "importlib-resources",
        "keras>=3.10",
        "numpy>=1.26",
        "pillow>=10",
        "sacrebleu>=2.4",
        "sentencepiece>=0.2",
        "tensorboard>=2.18",
        "tensorflow>=2.19",
        "tensorflow-datasets>=4.9.7",
        "tensorflow-text>=2.19",
    ],
    extras_require={
        "test": [
            "ctranslate2>=4.5",
            "hypothesis>=6",
            "jax>=0.4.30",
            "matplotlib>=3.8",
            "mypy~=2.4.1",
            "nncf>=3",
            "onnxruntime>=1.23",
            "openvino>=2026.2",
            "pytest>=8",
            "pytest-xdist>=3",
            "ruff~=0.17.6",
            "scikit-learn>=1.5",
            "tf2onnx>=1.17",
        ],
        "openvino": ["openvino>=2026.2", "nncf>=3"],
        "onnx": ["onnxruntime>=1.23", "tf2onnx>=1.17"],
        "docs": ["furo>=2024.8.6", "latex2mathml>=3.77", "myst-parser>=4", "sphinx>=8.1"],
        "bench": ["vector-quantize-pytorch>=1.20", "ctranslate2>=4.5", "matplotlib>=3.8"],
        "release": ["build>=1.2", "setuptools>=77", "twine>=6.1", "uv>=0.8"],
    },
    entry_points={
        "console_scripts": [f"t2t-vq-{command}=t2t_vq.cli.{command}:run" for command in COMMANDS]
    },
)
