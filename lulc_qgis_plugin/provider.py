"""The Processing provider ``lulc`` and its list of algorithms."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms.assess_accuracy import AssessAccuracy
from .algorithms.classify_patches import ClassifyPatches
from .algorithms.classify_raster import ClassifyRaster
from .algorithms.compare_models import CompareModels
from .algorithms.describe_data import DescribeData
from .algorithms.detect_change import DetectChange
from .algorithms.explain_prediction import ExplainPrediction
from .algorithms.export_model import ExportModel
from .algorithms.export_patches import ExportPatches
from .algorithms.import_model import ImportModel
from .algorithms.model_info import ModelInfo
from .algorithms.setup_engine import SetupEngine
from .algorithms.suggest_samples import SuggestSamples
from .algorithms.train_patch_classifier import TrainPatchClassifier
from .algorithms.train_segmenter import TrainSegmenter
from .engine_source import ENGINE_VERSION, resource
from .translation import tr

ALGORITHMS = (
    TrainSegmenter,
    TrainPatchClassifier,
    ClassifyRaster,
    ClassifyPatches,
    AssessAccuracy,
    SuggestSamples,
    DetectChange,
    CompareModels,
    DescribeData,
    ExplainPrediction,
    ModelInfo,
    ExportPatches,
    ImportModel,
    ExportModel,
    SetupEngine,
)


class LulcProvider(QgsProcessingProvider):
    """Train, apply and assess land-cover models."""

    def id(self) -> str:
        return "lulc"

    def name(self) -> str:
        return tr("Land cover")

    def longName(self) -> str:
        return tr("Land cover (LULC)")

    def versionInfo(self) -> str:
        return ENGINE_VERSION

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        return str(resource("icons", "provider.svg"))

    def loadAlgorithms(self) -> None:
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())

    def defaultRasterFileExtension(self) -> str:
        return "tif"

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        return ["tif", "tiff"]

    def defaultVectorFileExtension(self, hasGeometry: bool = True) -> str:
        return "gpkg" if hasGeometry else "csv"

    def supportsNonFileBasedOutput(self) -> bool:
        return False
