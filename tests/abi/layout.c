/* Public structs keep their layout: sizes and offsets on 64-bit machines. The test is that this
 * file compiles. */
#include <classify.h>

#define PIN_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define PIN(type, field, bytes)                                                                    \
  _Static_assert(offsetof(type, field) == (bytes), "offset of " #field " in " #type)

#if UINTPTR_MAX == UINT64_MAX
PIN_SIZE(clf_status, 4);

PIN_SIZE(clf_allocator, 32);
PIN(clf_allocator, struct_size, 0);
PIN(clf_allocator, allocate, 8);
PIN(clf_allocator, release, 16);
PIN(clf_allocator, user, 24);

PIN_SIZE(clf_box, 24);
PIN(clf_box, top, 0);
PIN(clf_box, left, 4);
PIN(clf_box, height, 8);
PIN(clf_box, width, 12);
PIN(clf_box, score, 16);
PIN(clf_box, label, 20);

PIN_SIZE(clf_box_set, 32);
PIN(clf_box_set, struct_size, 0);
PIN(clf_box_set, boxes, 8);
PIN(clf_box_set, images, 16);
PIN(clf_box_set, count, 24);

PIN_SIZE(clf_progress, 48);
PIN(clf_progress, stage, 0);
PIN(clf_progress, step, 8);
PIN(clf_progress, steps, 16);
PIN(clf_progress, loss, 24);
PIN(clf_progress, metric, 32);
PIN(clf_progress, seconds, 40);

PIN_SIZE(clf_constant_info, 32);
PIN(clf_constant_info, struct_size, 0);
PIN(clf_constant_info, name, 8);
PIN(clf_constant_info, group, 16);
PIN(clf_constant_info, value, 24);

PIN_SIZE(clf_param_info, 64);
PIN(clf_param_info, struct_size, 0);
PIN(clf_param_info, type, 4);
PIN(clf_param_info, name, 8);
PIN(clf_param_info, default_value, 16);
PIN(clf_param_info, minimum, 24);
PIN(clf_param_info, maximum, 32);
PIN(clf_param_info, exclusive, 40);
PIN(clf_param_info, words, 48);
PIN(clf_param_info, help, 56);
#endif

int main(void) {
  return 0;
}
