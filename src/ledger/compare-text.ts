/** The order of texts by their code units, the same everywhere: negative, 0 or positive, as sorting wants it. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
