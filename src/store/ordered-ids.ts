import { randomBytes } from 'node:crypto';

let made = 0;

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/**
 * A UUID of version 7 (RFC 9562, method 1): of those that one process makes for the same instant, each sorts after the
 * one before.
 *
 * @param instant milliseconds since 1970
 */
export function makeOrderedId(instant: number): string {
  made = (made + 1) % 2 ** 26;
  const time = hex(Math.max(0, instant) % 2 ** 48, 12);
  const [high, low] = [Math.floor(made / 2 ** 14), made % 2 ** 14];
  const random = randomBytes(6).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(high, 3)}-${hex(0x8000 + low, 4)}-${random}`;
}
