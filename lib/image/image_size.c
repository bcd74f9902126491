/* Images at other sizes; ops/image/resize.c has the method. */
#include "base/border.h"
#include "image/image.h"
#include "ops/image/resize.h"

clf_status clf_image_resize(clf_image **out, const clf_image *image, int64_t height,
                            int64_t width) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(image);
  CLF__ENTER("image");
  clf_image *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__image_create_uninitialized(&made, image->context, height, width, image->channels));
  const clf__picture from = {
      CLF_U8,       image->height, image->width, image->channels, clf__image_row_bytes(image),
      image->pixels};
  CLF__TRY(clf__resize(image->context, &from, height, width, CLF_U8, made->pixels,
                       clf__image_row_bytes(made)));
  *out = made;
  made = NULL;
done:
  clf_image_free(made);
  return status;
}
