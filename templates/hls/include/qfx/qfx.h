// The whole library.
#ifndef QFX_QFX_H
#define QFX_QFX_H

#include "add.h"
#include "argmax.h"
#include "average_pooling2d.h"
#include "axis.h"
#include "batch_normalization.h"
#include "binary_conv2d.h"
#include "change_lanes.h"
#include "concatenate.h"
#include "conv2d.h"
#include "dense.h"
#include "flatten.h"
#include "fork.h"
#include "global_average_pooling2d.h"
#include "global_max_pooling2d.h"
#include "max_pooling2d.h"
#include "relu.h"
#include "requantize.h"
#include "reshape.h"
#include "sign.h"
#include "softmax.h"
#include "table.h"
#include "vector.h"

#endif
