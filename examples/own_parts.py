"""A problem, a bottleneck and a set of hyper-parameters of your own, used by name.

    python examples/own_parts.py

They are in the folder `own` beside this file. The command line takes that folder as --usr_dir:

    t2t-vq-train --usr_dir=examples/own --problem=translate_numbers --hparams=numbers_tiny
"""

import argparse
import pathlib

import t2t_vq

OWN = pathlib.Path(__file__).parent / "own"


def main(argv=None):
    """Trains on the own problem through the own bottleneck; returns translations."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--overrides", default="", help="of the set: ,dropout=0.1 and so on")
    parser.add_argument("--output_dir", default="t2t_vq_runs/numbers")
    parser.add_argument("--data_dir", default="t2t_vq_data")
    parser.add_argument("--train_steps", type=int, default=None)
    arguments = parser.parse_args(argv)

    output_dir, best = t2t_vq.train(
        "translate_numbers",
        # An option of the own bottleneck is an override like any other.
        f"numbers_tiny,bottleneck.noise=0.2{arguments.overrides}",
        output_dir=arguments.output_dir,
        data_dir=arguments.data_dir,
        train_steps=arguments.train_steps,
        usr_dir=str(OWN),
    )
    print(f"Best validation {best.measure}: {best.value:.1f}.")
    model = t2t_vq.load(output_dir)
    translations = model.translate(["The number 128.", "The number 749."])
    print(translations)
    return translations


if __name__ == "__main__":
    main()
