"""Writes number_powers.inc: number_powers.py > number_powers.inc

The powers of 10 by which number_text.c multiplies: the first 128 bits of each, rounded up.
"""
FIRST, LAST = -293, 325


def ratio(numerator, denominator, shift):
    """Returns numerator / denominator * 2^shift, rounded up."""
    return -((-numerator << max(shift, 0)) // (denominator << max(-shift, 0)))


def first_bits(exponent):
    """Returns the first 128 bits of 10^exponent, rounded up."""
    numerator, denominator = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    shift = 128 - numerator.bit_length() + denominator.bit_length()
    bits = ratio(numerator, denominator, shift)
    return bits if bits < 2 ** 128 else ratio(numerator, denominator, shift - 1)


print("/* Written by number_powers.py. */")
print(f"enum {{ FIRST_POWER = {FIRST} }};")
print("static const uint64_t powers_of_10[][2] = {")
for power in range(FIRST, LAST + 1):
    value = first_bits(power)
    assert 2 ** 127 <= value < 2 ** 128
    print(f"    {{0x{value >> 64:016X}, 0x{value & (2 ** 64 - 1):016X}}}, /* 1e{power} */")
print("};")
