"""OpenVINO runs the detectors of Open Model Zoo, whose graphs end in boxes and labels.

Source: the model pages of Open Model Zoo 2022.3, `models/intel/person-vehicle-bike-detection-200x`.
"""

import numpy as np
import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

from watchkeep.domain.detection import Detection, ModelCard
from watchkeep.domain.errors import Invalid
from watchkeep.processing.detecting import Candidates, Picture, check_picture, settled

_CONFIGURATION = {
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": 1,
    # A second thread costs more processor time than it saves; other cameras and the recorder want it too.
    "INFERENCE_NUM_THREADS": 1,
    # Bound to one core, it would wait for whoever else runs there.
    "ENABLE_CPU_PINNING": False,
}


def compiled(model: openvino.Model, name: str) -> openvino.CompiledModel:
    """Make a graph ready to run on one thread of the processor; nothing is cached on the disk.

    Raises:
        Invalid: OpenVINO cannot run it.
    """
    try:
        return openvino.Core().compile_model(model, "CPU", _CONFIGURATION)
    except RuntimeError as error:
        raise Invalid(f"OpenVINO cannot run the model {name}; fetch its weights again.") from error


class OpenModelZooDetector:
    """A detector of the family person-vehicle-bike-detection: BGR 0 to 255 in, at most 100 boxes out."""

    def __init__(self, card: ModelCard, *, graph: bytes, weights: bytes, size: tuple[int, int]) -> None:
        """Compile the graph.

        Args:
            card: Its object types stand in the order of the model's labels.
            graph: The .xml file.
            weights: The .bin file.
            size: Width and height that the weights should take.

        Raises:
            Invalid: OpenVINO cannot read it, or it takes or gives something else.
        """
        self.card = card
        self.input_width, self.input_height = size
        try:
            model = openvino.Core().read_model(model=graph, weights=weights)
        except RuntimeError as error:
            raise Invalid(
                f"The files of {card.name} are no OpenVINO model; fetch its weights again."
            ) from error
        self._check_ends(model)
        self._model = compiled(_with_bytes_as_input(model), card.name)
        self._request = self._model.create_infer_request()

    def detect(self, picture: Picture) -> list[Detection]:
        """As the protocol says."""
        check_picture(picture, width=self.input_width, height=self.input_height)
        self._request.infer([picture[None]])
        rows = np.array(self._request.get_tensor("boxes").data, dtype=np.float32)
        labels = np.array(self._request.get_tensor("labels").data, dtype=np.intp)
        # Rows that the model did not use are filled with -1 or 0.
        is_known = ~(rows[:, 4] <= 0) & (labels >= 0) & (labels < len(self.card.object_types))
        scale = np.array([self.input_width, self.input_height] * 2, dtype=np.float32)
        found = Candidates(boxes=rows[:, :4] / scale, scores=rows[:, 4], labels=labels)
        return settled(found.only(is_known), self.card)

    def _check_ends(self, model: openvino.Model) -> None:
        name = self.card.name
        wanted = [1, 3, self.input_height, self.input_width]
        shapes = [each.partial_shape for each in model.inputs]
        if len(shapes) != 1 or shapes[0].is_dynamic or list(shapes[0].to_shape()) != wanted:
            raise Invalid(
                f"The weights of {name} take {shapes}, not one picture of {wanted}; fetch them again."
            )
        outputs = {
            output_name: output.partial_shape
            for output in model.outputs
            for output_name in output.get_names()
        }
        boxes, labels = outputs.get("boxes"), outputs.get("labels")
        if boxes is None or labels is None or len(boxes) != 2 or boxes[1] != 5 or len(labels) != 1:
            raise Invalid(f"The weights of {name} do not give boxes and labels; fetch them again.")


def _with_bytes_as_input(model: openvino.Model) -> openvino.Model:
    """Let the graph itself turn (1, height, width, 3) bytes into what it wants."""
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(
        openvino.Layout("NHWC")
    ).set_color_format(ColorFormat.BGR)
    steps.input().preprocess().convert_element_type(openvino.Type.f32)
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    return steps.build()
