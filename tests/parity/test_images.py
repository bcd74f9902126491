"""Images that Pillow writes, or that are put together here, read as Pillow and NumPy read them;
images resized as Pillow does, equalised as OpenCV does."""

import io
import itertools
import struct
import sys
import tempfile
import zlib

import classify as clf
import numpy as np

try:
    from PIL import Image, ImageOps
except ImportError:
    print("Pillow is not installed: skipped")
    sys.exit(77)

CODECS = [clf.lib.clf_kind_name(b"image_reader", clf.i64(index)).decode()
          for index in range(clf.lib.clf_kind_count(b"image_reader"))]
rng = np.random.default_rng(0)


def smooth(height, width, channels):
    """A picture with large and small shapes, as photographs have."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 80 * np.sin(y / (5 + 3 * c)) * np.cos(x / (9 - c)) for c in range(channels)]
    noise = rng.normal(0, 12, (height, width, channels))
    return np.clip(np.stack(planes, 2) + noise, 0, 255).astype(np.uint8)


def picture(mode, height=37, width=53):
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    pixels = smooth(height, width, bands)
    return Image.fromarray(pixels[:, :, 0] if bands == 1 else pixels, mode)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def same(data, expected, most=0, params=None):
    found = clf.Image.load_bytes(data, params).pixels().astype(int)
    expected = np.asarray(expected).astype(int)
    assert found.shape == expected.shape, f"shape {found.shape}, not {expected.shape}"
    difference = abs(found - expected).max()
    assert difference <= most, f"differs by {difference} levels, more than {most}"


def laid_on(pixels, alpha, level):
    """Rounded to the nearest level, half a level up or down."""
    alpha = alpha.astype(float)
    alpha = alpha if pixels.ndim == 2 else alpha[:, :, None]
    return np.floor((pixels * alpha + level * (255 - alpha)) / 255 + 0.5)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """Rows of samples [height, width, channels] with their filter byte, none."""
    out = b""
    for row in samples:
        values = row.reshape(-1)
        if depth == 16:
            line = values.astype(">u2").tobytes()
        else:
            bits = (values[:, None] >> np.arange(depth)[::-1]) & 1
            line = np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
        out += b"\0" + line
    return out


def png(samples, depth, color, interlaced=False, **chunks):
    """A PNG file of samples [height, width, channels]."""
    height, width = samples.shape[:2]
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
              (1, 0, 2, 1)] if interlaced else [(0, 0, 1, 1)]
    data = b"".join(packed_rows(samples[top::down, left::right], depth)
                    for top, left, down, right in passes if left < width)
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    extra = b"".join(chunk(kind.encode(), content) for kind, content in chunks.items())
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra
            + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def levels(samples, depth):
    return np.floor(samples.astype(float) * 255 / (2 ** depth - 1) + 0.5)


def png__of_pillow():
    for mode in "L", "RGB":
        image = picture(mode)
        same(saved(image, "PNG"), image)
    image = picture("RGB")
    same(saved(image.convert("1"), "PNG"), image.convert("1").convert("L"))
    palette = image.quantize(100)
    same(saved(palette, "PNG"), palette.convert("RGB"))
    grey = picture("L").quantize(64)
    same(saved(grey, "PNG"), grey.convert("L"))


def png__lays_alpha_on_the_background():
    for mode, level in itertools.product(("LA", "RGBA"), (0, 128, 255)):
        pixels = np.asarray(picture(mode))
        colors = pixels[:, :, :-1] if mode == "RGBA" else pixels[:, :, 0]
        same(saved(Image.fromarray(pixels, mode), "PNG"),
             laid_on(colors, pixels[:, :, -1], level), 0, f"background={level}")
    white = np.asarray(picture("LA"))
    same(saved(Image.fromarray(white, "LA"), "PNG"), laid_on(white[:, :, 0], white[:, :, 1], 255))


def png__of_every_type_depth_and_interlacing():
    types = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 4: (2, (8, 16)), 6: (4, (8, 16))}
    for color, (channels, depths) in types.items():
        for depth, interlaced in itertools.product(depths, (False, True)):
            for height, width in (1, 1), (9, 14), (3, 5):
                samples = rng.integers(0, 2 ** depth, (height, width, channels))
                expected = levels(samples, depth)
                if color in (4, 6):
                    colors = expected[:, :, :-1] if color == 6 else expected[:, :, 0]
                    expected = laid_on(colors, expected[:, :, -1], 255)
                elif color == 0:
                    expected = expected[:, :, 0]
                same(png(samples, depth, color, interlaced), expected)


def png__of_palettes():
    for depth, interlaced in itertools.product((1, 2, 4, 8), (False, True)):
        count = 2 ** depth
        samples = rng.integers(0, count, (11, 13, 1))
        colors = rng.integers(0, 256, (count, 3)).astype(np.uint8)
        alpha = rng.integers(0, 256, count).astype(np.uint8)
        greys = np.repeat(colors[:, :1], 3, 1)
        for table in colors, greys:
            expected = table[samples[:, :, 0]]
            expected = expected if table is colors else expected[:, :, 0]
            same(png(samples, depth, 3, interlaced, PLTE=table.tobytes()), expected)
            same(png(samples, depth, 3, interlaced, PLTE=table.tobytes(), tRNS=alpha.tobytes()),
                 laid_on(expected, alpha[samples[:, :, 0]], 255))


def png__of_one_transparent_colour():
    for depth in 1, 4, 8, 16:
        samples = rng.integers(0, 2 ** depth, (9, 9, 1))
        key = samples[4, 4, 0]
        expected = np.where(samples == key, 255, levels(samples, depth))[:, :, 0]
        same(png(samples, depth, 0, tRNS=struct.pack(">H", key)), expected)
    samples = rng.integers(0, 2, (9, 9, 3)) * 255
    expected = np.where((samples == samples[2, 2]).all(2, keepdims=True), 7, samples)
    same(png(samples, 8, 2, tRNS=struct.pack(">HHH", *samples[2, 2])), expected, 0, "background=7")


def png__skips_what_else_there_is():
    samples = rng.integers(0, 256, (5, 6, 3))
    bomb = b"comment\0\0" + zlib.compress(b"x" * 30_000_000)
    context = clf.context("memory_limit=2000000")
    data = png(samples, 8, 2, gAMA=struct.pack(">I", 100), zTXt=bomb, iTXt=b"x", abCd=b"y" * 1000)
    found = clf.Image.load_bytes(data, on=context).pixels()
    assert np.array_equal(found, samples)


def png__is_saved_as_it_is():
    with tempfile.TemporaryDirectory() as folder:
        for shape in (1, 1), (40, 31), (7, 9, 3), (200, 3, 3):
            pixels = rng.integers(0, 256, shape).astype(np.uint8)
            clf.call("clf_image_save", clf.Image(pixels), f"{folder}/a.png", None)
            image = Image.open(f"{folder}/a.png")
            assert image.mode == ("L" if len(shape) == 2 else "RGB")
            assert np.array_equal(np.asarray(image), pixels)


def jpeg__is_decoded_as_pillow_does():
    for mode, progressive, sampling in itertools.product(("L", "RGB"), (False, True), (0, 1, 2)):
        data = saved(picture(mode), "JPEG", quality=85, progressive=progressive,
                     subsampling=sampling)
        same(data, Image.open(io.BytesIO(data)))
    for shape in (1, 1), (8, 1), (3, 70):
        data = saved(picture("RGB", *shape), "JPEG", quality=30, optimize=True)
        same(data, Image.open(io.BytesIO(data)))


def jpeg__of_extreme_pictures_is_read():
    """Whose coefficients are as great as pixels make them, of the finest and the coarsest steps."""
    y, x = np.mgrid[0:61, 0:77]
    noise = rng.integers(0, 2, (61, 77))
    waves = [np.cos((2 * (x % 8) + 1) * u * np.pi / 16) * np.cos((2 * (y % 8) + 1) * v * np.pi / 16)
             > 0 for u, v in ((0, 0), (1, 0), (0, 7), (3, 4), (7, 7))]
    for bits in [noise, (x + y) % 2, x // 8 % 2, (x // 3 + y // 5) % 2, *waves]:
        for colors in ([255, 255, 255], [255, 0, 255], [0, 0, 255]):
            image = Image.fromarray((bits[:, :, None] * np.array(colors)).astype(np.uint8))
            for quality, progressive in itertools.product((1, 20, 75, 100), (False, True)):
                data = saved(image, "JPEG", quality=quality, progressive=progressive)
                same(data, Image.open(io.BytesIO(data)))


def jpeg__of_cmyk():
    """Pillow rounds the product twice."""
    data = saved(picture("CMYK"), "JPEG", quality=95)
    same(data, Image.open(io.BytesIO(data)).convert("RGB"), 1)


def jpeg__is_turned_upright():
    for orientation, order in itertools.product(range(1, 9), "<>"):
        exif = Image.Exif()
        exif[0x010F] = "a camera"
        exif[0x0112] = orientation
        exif.endian = order
        data = saved(picture("RGB", 16, 40), "JPEG", exif=exif.tobytes())
        same(data, ImageOps.exif_transpose(Image.open(io.BytesIO(data))))


def gif__is_decoded_as_pillow_does():
    image = picture("RGB", 60, 45)
    for colors, interlace in itertools.product((2, 16, 200), (0, 1)):
        palette = image.quantize(colors)
        data = saved(palette, "GIF", interlace=interlace)
        same(data, Image.open(io.BytesIO(data)).convert("RGB"))
    for shape in (1, 1), (1, 300), (37, 53):
        grey = picture("L", *shape)
        same(saved(grey, "GIF"), grey)


def gif__of_an_animation_is_its_first_picture():
    frames = [picture("RGB", 30, 40).quantize(32) for _ in range(3)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)
    same(data, Image.open(io.BytesIO(data)).convert("RGB"))


def gif__lays_transparent_pixels_on_the_background():
    image = picture("RGB").quantize(16)
    for level in 0, 255:
        data = saved(image, "GIF", transparency=3)
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
        same(data, laid_on(pixels[:, :, :3], pixels[:, :, 3], level), 0, f"background={level}")


def pnm__is_decoded_as_pillow_does():
    for mode in "L", "RGB":
        image = picture(mode)
        same(saved(image, "PPM"), image)


def truncated__is_never_an_image_with_grey_in_it():
    """Every tenth beginning of a file is refused, or has all of its pixels."""
    kinds = {"png": "PNG", "jpeg": "JPEG", "gif": "GIF"}
    image = picture("RGB")
    for codec in set(kinds) & set(CODECS):
        for options in {}, {"progressive": True}:
            data = saved(image.quantize(64) if codec == "gif" else image, kinds[codec], **options)
            whole = clf.Image.load_bytes(data).pixels()
            for length in range(0, len(data), 10):
                try:
                    assert np.array_equal(clf.Image.load_bytes(data[:length]).pixels(), whole)
                    assert length > len(data) - 20
                except clf.Error as error:
                    assert error.status == -4, error


def resize__is_pillows_to_a_level():
    """Pillow rounds to bytes between its two passes."""
    for mode in "L", "RGB":
        for height, width in (100, 131), (7, 200), (1, 1), (300, 17):
            image = picture(mode, height, width)
            for to_height, to_width in (50, 60), (99, 130), (1, 1), (13, 300), (400, 5):
                found = clf.Image(np.asarray(image)).made("resize", clf.i64(to_height),
                                                          clf.i64(to_width)).pixels()
                expected = np.asarray(image.resize((to_width, to_height), Image.BILINEAR))
                difference = abs(found.astype(int) - expected.astype(int)).max()
                assert difference <= 1, f"{mode} {height}x{width} to {to_height}x{to_width}"


def grey__is_pillows():
    image = picture("RGB")
    assert np.array_equal(clf.Image(np.asarray(image)).made("to_gray").pixels(), image.convert("L"))


def equalize__is_opencvs():
    try:
        import cv2
    except ImportError:
        print("OpenCV is not installed: equalize__is_opencvs is skipped")
        return
    for pixels in smooth(40, 50, 1)[:, :, 0], smooth(9, 9, 1)[:, :, 0] // 16, np.full((3, 3), 7):
        found = clf.Image(pixels).made("equalize").pixels()
        expected = cv2.equalizeHist(pixels.astype(np.uint8))
        assert abs(found.astype(int) - expected).max() <= 1  # OpenCV multiplies in f32


def chosen(name):
    kind = name.partition("__")[0]
    return kind not in ("png", "jpeg", "gif") or kind in CODECS


clf.run([value for name, value in list(globals().items())
         if "__" in name[1:-2] and callable(value) and chosen(name)])
