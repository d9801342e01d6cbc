/** Writes a number with two or three significant digits, whole where that is enough: 0.0123, 4.1, 128, 7 512. */
export function writeNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return value.toExponential(1);
  const digits =
    size >= 100 ? 0 : size >= 10 ? 1 : size === 0 ? 0 : Math.min(8, 1 - Math.floor(Math.log10(size)));
  const [whole = '0', fraction] = value.toFixed(digits).split('.');
  const trimmed = fraction?.replace(/0+$/, '') ?? '';
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return trimmed === '' ? grouped : `${grouped}.${trimmed}`;
}

/** Writes a measured value with three significant digits: 0.0301, 1.23, 150, 7 512. */
export function writeValue(value: number): string {
  return Math.abs(value) >= 100 || value === 0 ? writeNumber(value) : String(Number(value.toPrecision(3)));
}

/** Writes a fraction as per cent: 0.041 → `4.1 %`. */
export function writePercent(fraction: number): string {
  return `${writeNumber(100 * fraction)} %`;
}

/** Writes a relative change: 0.12 → `12 % higher`, −0.05 → `5 % lower`. */
export function writeChange(effect: number): string {
  if (Math.abs(effect) < 0.0005) return 'unchanged';
  return `${writePercent(Math.abs(effect))} ${effect > 0 ? 'higher' : 'lower'}`;
}

/** Writes a time in its natural unit: `45 more seconds`, `12 more minutes`, `3.5 more hours`. */
export function writeDuration(seconds: number, more = ''): string {
  const [size, unit] =
    seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  const shown = writeNumber(unit === 'hour' ? size : Math.ceil(size));
  return [shown, more, shown === '1' ? unit : `${unit}s`].filter((word) => word !== '').join(' ');
}

/** Joins names as people do: `a`, `a and b`, `a, b and c`. */
export function writeList(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Cuts a sentence to so many characters, without splitting one. */
export function cutSentence(text: string, longest: number): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
}

/** Says how many values were no numbers; empty when none. */
export function writeDropped(dropped: number): string {
  return dropped === 0
    ? ''
    : ` (${dropped} value${dropped === 1 ? ' was' : 's were'} not a finite number and taken as missing)`;
}

/** Writes a ratio with two significant digits: 5.2, 1.0, 0.15, 128. */
export function writeRatio(ratio: number): string {
  return ratio >= 10 || ratio < 0.001 ? writeNumber(ratio) : ratio.toPrecision(2);
}
