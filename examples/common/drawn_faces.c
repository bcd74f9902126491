/* Faces drawn of ellipses: what a person keeps (the shape of the head, hair, eyes, brows, nose,
 * mouth) follows from the person's number, what changes from picture to picture (mouth, lids, the
 * place in the picture, the light's side and strength, noise) from the picture's. No likeness is
 * meant. */
#include <math.h>

#include "people.h"

typedef struct generator {
  uint64_t state;
} generator;

/* A number in low … high by a 64-bit linear congruential generator. */
static float draw(generator *g, float low, float high) {
  g->state = g->state * 6364136223846793005ULL + 1442695040888963407ULL;
  return low + (high - low) * (float)(g->state >> 40) * 0x1p-24F;
}

static generator begin(uint64_t seed, uint64_t number) {
  generator g = {(seed + 1) * 0x9e3779b97f4a7c15ULL ^ (number + 1) * 0xbf58476d1ce4e5b9ULL};
  draw(&g, 0, 1);
  draw(&g, 0, 1);
  return g;
}

/* All lengths in pixels of the picture, from the face's middle. */
typedef struct person_look {
  float head_width, head_height, skin;
  float hair, hair_line, hair_width;
  float eyes_apart, eye_size, eye_line, brow, brow_slope, brow_line;
  float nose, nose_width, mouth_width, mouth_line, lips;
  float beard; /* darkness; 0 for none */
  bool glasses;
} person_look;

static person_look look_of(uint64_t seed, int person) {
  generator g = begin(seed, (uint64_t)person);
  return (person_look){.head_width = draw(&g, 10, 14),
                       .head_height = draw(&g, 16, 20),
                       .skin = draw(&g, 0.5F, 0.85F),
                       .hair = draw(&g, 0.05F, 0.45F),
                       .hair_line = draw(&g, -15, -8),
                       .hair_width = draw(&g, 0.5F, 3),
                       .eyes_apart = draw(&g, 4.2F, 6.2F),
                       .eye_size = draw(&g, 1.6F, 2.5F),
                       .eye_line = draw(&g, -4, -1.5F),
                       .brow = draw(&g, 0.6F, 1.6F),
                       .brow_slope = draw(&g, -0.25F, 0.25F),
                       .brow_line = draw(&g, 2.6F, 4),
                       .nose = draw(&g, 3, 6),
                       .nose_width = draw(&g, 1.2F, 2.6F),
                       .mouth_width = draw(&g, 3.5F, 6.5F),
                       .mouth_line = draw(&g, 7, 9.5F),
                       .lips = draw(&g, 0.7F, 1.5F),
                       .beard = draw(&g, -0.5F, 0.5F),
                       .glasses = draw(&g, 0, 1) < 0.25F};
}

typedef struct picture_state {
  float left, top;        /* of the face's middle */
  float smile, open, lid; /* -1 … 1, 0 … 1, 0 … 1 (closed) */
  float side, strength;   /* of the light: -1 from the left, 1 from the right; 0 … 1 */
  float wall;
} picture_state;

static picture_state state_of(generator *g) {
  picture_state s = {.left = FACES_WIDTH / 2.0F + draw(g, -2, 2),
                     .top = FACES_HEIGHT / 2.0F + 2 + draw(g, -1.5F, 1.5F),
                     .smile = draw(g, -0.8F, 1),
                     .open = draw(g, -1, 1),
                     .lid = draw(g, -1, 1.2F),
                     .side = draw(g, -1, 1),
                     .strength = draw(g, 0, 0.5F),
                     .wall = draw(g, 0.75F, 1)};
  s.open = s.open > 0 ? s.open : 0;
  s.lid = s.lid > 0 ? s.lid : 0;
  return s;
}

/* The part of a pixel that an ellipse covers; the edge of the ellipse is one pixel wide. */
static float ellipse(float x, float y, float width, float height) {
  const float far = sqrtf(x * x / (width * width) + y * y / (height * height));
  const float inside = (1 - far) * (width < height ? width : height) + 0.5F;
  return inside < 0 ? 0 : inside > 1 ? 1 : inside;
}

static float paint(float under, float color, float share) {
  return under + (color - under) * share;
}

static float paint_eyes(float v, const person_look *p, const picture_state *s, float x, float y) {
  const float side = x < 0 ? -1 : 1, from = side * x - p->eyes_apart, down = y - p->eye_line;
  const float height = p->eye_size * (1 - 0.85F * (s->lid < 1 ? s->lid : 1)) * 0.6F + 0.2F;
  v = paint(v, 0.95F, ellipse(from, down, p->eye_size, height));
  v = paint(v, 0.1F, ellipse(from, down, 0.45F * p->eye_size, height));
  const float brow = down + p->brow_line + p->brow_slope * from;
  v = paint(v, p->hair, ellipse(from, brow, 1.5F * p->eye_size, p->brow));
  if (p->glasses) {
    const float rim = ellipse(from, down, p->eye_size + 1.6F, p->eye_size + 1.4F) -
                      ellipse(from, down, p->eye_size + 0.7F, p->eye_size + 0.5F);
    v = paint(v, 0.1F, rim);
  }
  return v;
}

static float paint_mouth(float v, const person_look *p, const picture_state *s, float x, float y) {
  const float bend = s->smile * 1.4F * (x * x) / (p->mouth_width * p->mouth_width);
  const float down = y - p->mouth_line + bend - 0.5F * s->smile;
  v = paint(v, 0.35F, ellipse(x, down, p->mouth_width, p->lips + 2 * s->open));
  return paint(v, 0.08F, ellipse(x, down, 0.8F * p->mouth_width, 0.2F + 1.8F * s->open));
}

/* The picture's brightness at (x, y) from the face's middle, before light and noise. */
static float color_at(const person_look *p, const picture_state *s, float x, float y) {
  float v = s->wall;
  v = paint(v, p->hair,
            ellipse(x, y + 3, p->head_width + p->hair_width, p->head_height + p->hair_width - 1));
  v = paint(v, 0.3F, ellipse(x, y - p->head_height - 12, 24, 14));
  v = paint(v, p->skin, ellipse(x, y - 14, 5, 9));
  const float face = ellipse(x, y, p->head_width, p->head_height);
  const float below_hair = y - p->hair_line > 1 ? 1 : y - p->hair_line < 0 ? 0 : y - p->hair_line;
  v = paint(v, p->skin, face * below_hair);
  if (p->beard > 0) {
    v = paint(v, p->hair, p->beard * face * ellipse(x, y - 14, p->head_width, 8));
  }
  v = paint_eyes(v, p, s, x, y);
  v = paint(v, 0.7F * p->skin, ellipse(x, y - p->nose, p->nose_width, 1));
  return paint_mouth(v, p, s, x, y);
}

void draw_face(uint8_t pixels[FACES_PIXELS], uint64_t seed, int person, int picture) {
  const person_look p = look_of(seed, person);
  generator g = begin(seed, 1000 + (uint64_t)person * 1000 + (uint64_t)picture);
  const picture_state s = state_of(&g);
  for (int i = 0; i < FACES_PIXELS; i++) {
    const float x = (float)(i % FACES_WIDTH) - s.left, y = (float)(i / FACES_WIDTH) - s.top;
    const float slope = s.side * s.strength * x / p.head_width;
    const float light = 1 + (slope < -0.8F ? -0.8F : slope > 0.6F ? 0.6F : slope);
    const float v = light * color_at(&p, &s, x, y) + draw(&g, -0.03F, 0.03F);
    pixels[i] = (uint8_t)(255 * (v < 0 ? 0 : v > 1 ? 1 : v) + 0.5F);
  }
}
