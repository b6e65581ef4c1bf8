"""Two more graphical models that the plugin ships: for folders of scenes, and to choose a network.

Made and written by make_model.py, which also has the first one.
"""

from __future__ import annotations

from make_model import add_child, add_inputs, fixed, given, made_by, new_model
from qgis.core import (
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildDependency,
    QgsProcessingModelChildParameterSource,
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorLayer,
)

ARCHITECTURES = ["mobile_unet", "unet", "unetplusplus", "fpn", "deeplabv3plus", "segformer"]
SCENES_HELP = {
    "ALG_DESC": "Classifies a scene with a model and writes the map, its confidence and the areas "
    "of the classes. For a folder of scenes choose 'Run as Batch Process', then 'Autofill > Add "
    "Files by Pattern' under Scene, and one model for all.",
    "SCENE": "The raster to classify.",
    "MODEL": "Model file (.safetensors) that a training made.",
    "ALG_VERSION": "1",
}
BETTER_HELP = {
    "ALG_DESC": "Trains two networks alike on the same labels, and classifies the scene with the "
    "one whose mean IoU is higher. Given labels for the test, that score is measured on them and "
    "on nothing that the training saw.",
    "SCENE": "The raster to learn from and to classify.",
    "LABELS": "Polygons or points to learn from.",
    "TEST_LABELS": "Polygons or points that decide, with the same fields.",
    "CLASS_FIELD": "Field that holds the class, as a number or a name.",
    "CLASS_NAME_FIELD": "Field that holds the class names where the class field holds numbers.",
    "FIRST": "The one network.",
    "SECOND": "The other network.",
    "EPOCHS": "Most epochs to train; left empty, the engine decides.",
    "ALG_VERSION": "1",
}


def classify_scenes() -> QgsProcessingModelAlgorithm:
    """Return the model that is run over a folder of scenes as a batch."""
    model = new_model("Classify scenes with one model", SCENES_HELP)
    add_inputs(
        model,
        QgsProcessingParameterRasterLayer("SCENE", "Scene"),
        QgsProcessingParameterFile("MODEL", "Model", fileFilter="Model (*.safetensors)"),
    )
    add_child(
        model,
        "classify",
        "lulc:classifyraster",
        "Classify",
        {"INPUT": given("SCENE"), "MODEL": given("MODEL")},
        {"OUTPUT": "Map", "CONFIDENCE": "Confidence", "AREAS": "Class areas"},
    )
    return model


def choose_better() -> QgsProcessingModelAlgorithm:
    """Return the model that trains two networks and goes on with the better one."""
    model = new_model("Choose the better of two networks", BETTER_HELP)
    anything = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
    whole = QgsProcessingParameterNumber.Type.Integer
    epochs = QgsProcessingParameterNumber("EPOCHS", "Most epochs", whole, None, True, 1)
    add_inputs(
        model,
        QgsProcessingParameterRasterLayer("SCENE", "Scene"),
        QgsProcessingParameterVectorLayer("LABELS", "Labels to learn from", anything),
        QgsProcessingParameterVectorLayer("TEST_LABELS", "Labels that decide", anything),
        QgsProcessingParameterField("CLASS_FIELD", "Class field", None, "LABELS"),
        QgsProcessingParameterField(
            "CLASS_NAME_FIELD", "Class name field", None, "LABELS", optional=True
        ),
        _architecture("FIRST", "First network", "mobile_unet"),
        _architecture("SECOND", "Second network", "unet"),
        epochs,
    )
    for name, title in (("first", "First"), ("second", "Second")):
        _add_training(model, name, title)
    _add_choice(model)
    return model


def _architecture(name: str, label: str, default: str) -> QgsProcessingParameterEnum:
    return QgsProcessingParameterEnum(
        name, label, ARCHITECTURES, False, default, usesStaticStrings=True
    )


def _add_training(model: QgsProcessingModelAlgorithm, name: str, title: str) -> None:
    names = ("LABELS", "TEST_LABELS", "CLASS_FIELD", "CLASS_NAME_FIELD", "EPOCHS")
    inputs = {parameter: given(parameter) for parameter in names}
    inputs.update(INPUT=given("SCENE"), ARCHITECTURE=given(name.upper()), SEED=fixed(0))
    add_child(
        model,
        name,
        "lulc:trainsegmenter",
        title,
        inputs,
        {
            "MODEL": f"{title} model",
            "REPORT": f"{title} report",
            "METRICS": f"{title} metrics",
        },
    )


def _add_choice(model: QgsProcessingModelAlgorithm) -> None:
    # A mean IoU that does not exist (0/0) loses against one that does.
    first = "coalesce(@First_MEAN_IOU, 0) >= coalesce(@Second_MEAN_IOU, 0)"
    branch = add_child(model, "branch", "native:condition", "Which is better?", {}, {})
    conditions = [
        {"name": "first", "expression": first},
        {"name": "second", "expression": f"not ({first})"},
    ]
    branch.setConfiguration({"conditions": conditions})
    branch.setDependencies(
        [QgsProcessingModelChildDependency(name) for name in ("first", "second")]
    )
    model.setChildAlgorithm(branch)
    for name, title in (("first", "First"), ("second", "Second")):
        score = QgsProcessingModelChildParameterSource.fromExpression(
            f"'{title} network: mean IoU ' || coalesce(round(@{title}_MEAN_IOU, 4), 'n/a') || "
            "', the higher one.'"
        )
        add_child(
            model,
            f"say_{name}",
            "native:raisewarning",
            f"Say {name}",
            {"MESSAGE": score},
            {},
            after=("branch", name),
        )
        add_child(
            model,
            f"classify_{name}",
            "lulc:classifyraster",
            f"Classify with the {name}",
            {"INPUT": given("SCENE"), "MODEL": made_by(name, "MODEL")},
            {"OUTPUT": f"Map by the {name}"},
            after=("branch", name),
        )
