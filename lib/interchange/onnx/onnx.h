/* ONNX files of fitted models. */
#ifndef CLF_INTERCHANGE_ONNX_ONNX_H
#define CLF_INTERCHANGE_ONNX_ONNX_H

#include "interchange/model_format.h"

extern const clf__model_writer clf__model_writer_onnx;

/* Appends the metadata entries of a model's file (metadata.c). */
void clf__onnx_metadata(clf__text *to, const clf_model *model);

#endif
