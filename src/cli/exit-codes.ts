/** What a command's exit code means; scripts rely on the numbers. */
export const exitCodes = { pass: 0, fail: 1, usage: 2, inconclusive: 3, timeout: 4, unavailable: 5 } as const;

/** How a gate ended, in one word. */
export type Ending = keyof typeof exitCodes;
