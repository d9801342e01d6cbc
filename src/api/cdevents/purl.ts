/** What a package URL (https://github.com/package-url/purl-spec) says of an artifact. */
export type Purl = {
  /** The last part of its name, `checkout` of `pkg:oci/shop/checkout@…`. */
  readonly name: string;
  /** A version people would say: the qualifier `tag`, else its version unless that is a digest; `null` without one. */
  readonly version: string | null;
  /** `sha256:…`; `null` when its version is none. */
  readonly digest: string | null;
};

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Reads a package URL; `null` when it is none. */
export function readPurl(text: string): Purl | null {
  const [, path = '', version = '', query = ''] =
    /^pkg:\/*[A-Za-z][A-Za-z0-9.+-]*\/([^@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/.exec(text) ?? [];
  const name = decode(path.split('/').filter(Boolean).at(-1) ?? '');
  if (name === '') return null;
  const found = decode(version);
  const digest = /^sha\d+:[0-9a-f]+$/i.test(found) ? found.toLowerCase() : null;
  const tag = new URLSearchParams(query).get('tag');
  return { name, version: tag || (digest === null && found !== '' ? found : null), digest };
}
