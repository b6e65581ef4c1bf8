"""Write resources/models3, the graphical models that the plugin ships.

    scripts/with_plugin.sh .venv-qgis/bin/python scripts/make_model.py

The one made in this file: train on labels, classify the scene, assess the map on other labels, then
branch on its MEAN_IOU: good enough, the areas of the classes are reported; else the model stops and
says why. A change is made here and in example_models.py, not in the modeler, so that it can be
reviewed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["QT_HASH_SEED"] = "0"  # Qt orders XML attributes by hash: the same file every time

from qgis.core import (
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildDependency,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorLayer,
)
from qgis.PyQt.QtCore import QPointF

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "models3"
HELP = {
    "ALG_DESC": "Trains a network on labelled parts of a scene, classifies the scene and assesses "
    "the map on labels that the training never saw. Where the mean IoU reaches the minimum, the "
    "areas of the classes are reported; else the model stops with an error.",
    "SCENE": "The raster to learn from and to classify.",
    "LABELS": "Polygons or points to learn from.",
    "TEST_LABELS": "Polygons or points to assess the map on, with the same fields.",
    "CLASS_FIELD": "Field that holds the class, as a number or a name.",
    "CLASS_NAME_FIELD": "Field that holds the class names where the class field holds numbers.",
    "EPOCHS": "Most epochs to train; left empty, the engine decides.",
    "MINIMUM_MEAN_IOU": "Mean IoU on the test labels that the map must reach, 0 to 1.",
    "ALG_VERSION": "1",
}
INPUT_COLUMN, CHILD_COLUMN, OUTPUT_COLUMN = 140, 420, 700


def main() -> int:
    """Put the models together and write them."""
    from example_models import choose_better, classify_scenes

    models = {
        "train_classify_assess": train_classify_assess(),
        "classify_scenes": classify_scenes(),
        "choose_better": choose_better(),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, model in models.items():
        target = FOLDER / f"{name}.model3"
        if not model.toFile(str(target)):
            print(f"{target} could not be written.", file=sys.stderr)
            return 1
    return 0


def new_model(name: str, help: dict[str, str]) -> QgsProcessingModelAlgorithm:
    """Return an empty model with its help."""
    model = QgsProcessingModelAlgorithm(name, "Land cover")
    model.setHelpContent(help)
    return model


def train_classify_assess() -> QgsProcessingModelAlgorithm:
    """Return the model of this file."""
    model = new_model("Train, classify, assess", HELP)
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    numbers = QgsProcessingParameterNumber.Type
    anything = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
    epochs = QgsProcessingParameterNumber("EPOCHS", "Most epochs", numbers.Integer)
    epochs.setFlags(epochs.flags() | optional)
    epochs.setMinimum(1)
    minimum = QgsProcessingParameterNumber(
        "MINIMUM_MEAN_IOU", "Least mean IoU", numbers.Double, 0.6, False, 0, 1
    )
    add_inputs(
        model,
        QgsProcessingParameterRasterLayer("SCENE", "Scene"),
        QgsProcessingParameterVectorLayer("LABELS", "Labels to learn from", anything),
        QgsProcessingParameterVectorLayer("TEST_LABELS", "Labels for the test", anything),
        QgsProcessingParameterField("CLASS_FIELD", "Class field", None, "LABELS"),
        QgsProcessingParameterField(
            "CLASS_NAME_FIELD", "Class name field", None, "LABELS", optional=True
        ),
        epochs,
        minimum,
    )
    add_chain(model)
    add_branch(model)
    return model


def add_inputs(
    model: QgsProcessingModelAlgorithm, *definitions: QgsProcessingParameterDefinition
) -> None:
    """Declare a model's inputs, from top to bottom as in the dialog."""
    for row, definition in enumerate(definitions):
        component = QgsProcessingModelParameter(definition.name())
        component.setPosition(QPointF(INPUT_COLUMN, 60 + 85 * row))
        model.addModelParameter(definition, component)
    model.setParameterOrder([definition.name() for definition in definitions])


def add_chain(model: QgsProcessingModelAlgorithm) -> None:
    """Chain training, classification and assessment."""
    fields = {"CLASS_FIELD": given("CLASS_FIELD"), "CLASS_NAME_FIELD": given("CLASS_NAME_FIELD")}
    add_child(
        model,
        "train",
        "lulc:trainsegmenter",
        "Train",
        {"INPUT": given("SCENE"), "LABELS": given("LABELS"), "EPOCHS": given("EPOCHS"), **fields},
        {"MODEL": "Model", "REPORT": "Training report"},
    )
    add_child(
        model,
        "classify",
        "lulc:classifyraster",
        "Classify",
        {"INPUT": given("SCENE"), "MODEL": made_by("train", "MODEL")},
        {"OUTPUT": "Map"},
    )
    add_child(
        model,
        "assess",
        "lulc:assessaccuracy",
        "Assess",
        {"MAP": made_by("classify", "OUTPUT"), "REFERENCE": given("TEST_LABELS"), **fields},
        {"REPORT": "Accuracy report", "METRICS": "Accuracy metrics"},
    )


def add_branch(model: QgsProcessingModelAlgorithm) -> None:
    """Branch on the accuracy of the map: report the areas, or stop."""
    # QGIS names the numbers of a child after its description: Assess, MEAN_IOU.
    reached = "coalesce(@Assess_MEAN_IOU, 0) >= @MINIMUM_MEAN_IOU"
    branch = add_child(model, "branch", "native:condition", "Good enough?", {}, {})
    branch.setConfiguration(
        {
            "conditions": [
                {"name": "yes", "expression": reached},
                {"name": "no", "expression": f"not ({reached})"},
            ]
        }
    )
    model.setChildAlgorithm(branch)
    add_child(
        model,
        "areas",
        "native:rasterlayeruniquevaluesreport",
        "Report the areas",
        {"INPUT": made_by("classify", "OUTPUT"), "BAND": fixed(1)},
        {"OUTPUT_HTML_FILE": "Class areas"},
        after=("branch", "yes"),
    )
    message = (
        "'The mean IoU of the map, ' || coalesce(round(@Assess_MEAN_IOU, 3), 'n/a') || "
        "', is below the minimum of ' || @MINIMUM_MEAN_IOU || '.'"
    )
    add_child(
        model,
        "stop",
        "native:raiseexception",
        "Stop",
        {"MESSAGE": QgsProcessingModelChildParameterSource.fromExpression(message)},
        {},
        after=("branch", "no"),
    )


def add_child(
    model: QgsProcessingModelAlgorithm,
    name: str,
    algorithm: str,
    title: str,
    inputs: dict[str, QgsProcessingModelChildParameterSource],
    outputs: dict[str, str],
    after: tuple[str, str] | None = None,
) -> QgsProcessingModelChildAlgorithm:
    """Add an algorithm; ``outputs`` are the model's own, ``after`` a branch of a condition."""
    child = QgsProcessingModelChildAlgorithm(algorithm)
    child.setChildId(name)
    child.setDescription(title)
    row = len(model.childAlgorithms())
    child.setPosition(QPointF(CHILD_COLUMN, 100 + 110 * row))
    for parameter, source in inputs.items():
        child.addParameterSources(parameter, [source])
    finals = {}
    for position, (output, label) in enumerate(outputs.items()):
        final = QgsProcessingModelOutput(label)
        final.setChildId(name)
        final.setChildOutputName(output)
        final.setPosition(QPointF(OUTPUT_COLUMN, 75 + 110 * row + 55 * position))
        finals[label] = final
    child.setModelOutputs(finals)
    if after:
        child.setDependencies([QgsProcessingModelChildDependency(*after)])
    elif name == "branch":
        child.setDependencies([QgsProcessingModelChildDependency("assess")])
    model.addChildAlgorithm(child)
    return model.childAlgorithm(name)


def given(name: str) -> QgsProcessingModelChildParameterSource:
    """Return an input of the model as source of a child's parameter."""
    return QgsProcessingModelChildParameterSource.fromModelParameter(name)


def made_by(child: str, output: str) -> QgsProcessingModelChildParameterSource:
    """Return an output of an earlier child as source of a child's parameter."""
    return QgsProcessingModelChildParameterSource.fromChildOutput(child, output)


def fixed(value: object) -> QgsProcessingModelChildParameterSource:
    """Return a constant as source of a child's parameter."""
    return QgsProcessingModelChildParameterSource.fromStaticValue(value)


if __name__ == "__main__":
    sys.exit(main())
