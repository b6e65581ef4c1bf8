"""A feedback that keeps what a command says."""

from lulc_engine.feedback import Feedback


class Recorder(Feedback):
    """Keeps messages: ``infos`` and ``warnings``, ``lines`` for both; and ``fractions`` done."""

    def __init__(self):
        super().__init__()
        self.infos, self.warnings, self.lines, self.fractions = [], [], [], []

    def progress(self, fraction, text=""):
        self.fractions.append(fraction)

    def info(self, text):
        self.infos.append(text)
        self.lines.append(text)

    def warning(self, text):
        self.warnings.append(text)
        self.lines.append(text)
