/** @file classify.h
 *  Everything libclassify offers. Each header below can also be included alone.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include <classify/box.h>
#include <classify/catalog.h>
#include <classify/comm.h>
#include <classify/context.h>
#include <classify/dataset.h>
#include <classify/decision.h>
#include <classify/detect.h>
#include <classify/image.h>
#include <classify/metrics.h>
#include <classify/model.h>
#include <classify/network.h>
#include <classify/optimizer.h>
#include <classify/selection.h>
#include <classify/sequence.h>
#include <classify/status.h>
#include <classify/tensor.h>
#include <classify/text.h>
#include <classify/transform.h>
#include <classify/version.h>

#endif
