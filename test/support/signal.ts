/** Lets one part of a test wait for another. */
export type Signal = { readonly given: Promise<void>; give(): void };

export function newSignal(): Signal {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}
