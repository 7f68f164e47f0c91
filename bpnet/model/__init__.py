"""What is trained: layers, the layout of their parameters, and pure functions of both."""

from .architecture import Architecture, resolved
from .gradient import BatchGradient, Gradients, gradient
from .layer import Layer
from .layout import Layout
from .model import Model
from .task import TASKS, default_task

__all__ = [
    "TASKS",
    "Architecture",
    "BatchGradient",
    "Gradients",
    "Layer",
    "Layout",
    "Model",
    "default_task",
    "gradient",
    "resolved",
]
