import type { Place, Reader } from '../../../judge/kayenta/reader.ts';

/** Serin's own, where Kayenta binds nothing of that name. */
const ours: Readonly<Record<string, string>> = { step: 'step', start: 'start', end: 'end' };
const variable = /\$\\?\{([^}]*)\}/g;
const name = /^[A-Za-z_][\w./-]*$/;

function translate(found: string, place: Place, reader: Reader): string {
  if (!name.test(found)) {
    reader.refuse(
      place,
      `found \${${found}}; allowed is a name of letters, digits and _ . / - in the braces, without defaults`,
    );
    return '';
  }
  return `{{${ours[found] ?? `scope.${found}`}}}`;
}

/**
 * A template of Kayenta as a query of ours: `${scope}`, `${location}` and every extended parameter become variables of
 * the arm, `${step}`, `${start}` and `${end}` those of the run. `$\{x}`, as orca escapes it, is the same. Whether a
 * variable has a value is found when a run starts, and its value is escaped by the provider for the place where it
 * lands.
 */
export function expandTemplate(text: string, place: Place, reader: Reader): string {
  if (text.includes('{{')) {
    reader.refuse(place, 'found "{{"; variables of a canary config stand in $ and single braces');
    return '';
  }
  return text.replace(variable, (_whole, found: string) => translate(found.trim(), place, reader));
}
