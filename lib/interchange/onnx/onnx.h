/* ONNX files of fitted models. */
#ifndef CLF_INTERCHANGE_ONNX_ONNX_H
#define CLF_INTERCHANGE_ONNX_ONNX_H

#include "interchange/model_format.h"

extern const clf__model_writer clf__model_writer_onnx;

#endif
