/* Any bytes where an ONNX model is expected: never a crash, a refusal says why in one line, and what is
 * accepted is a model file that reads back, scores and tells about itself. */
#include "import_entrance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_import("onnx", data, size);
    return 0;
}
