import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { durationSchema } from '../duration.ts';
import { strict } from '../parse.ts';

const secret = z
  .string()
  .trim()
  .min(1, 'found an empty text; is the environment variable or file empty?')
  .regex(/^[\x20-\x7e]*$/, 'holds a line break or a character that no header may hold');

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is no name of a header')
  .refine(
    (name) =>
      !/^(host|authorization|connection|transfer-encoding|content-(length|type|encoding))$/i.test(name),
    {
      error: 'is set by Serin itself; credentials go into `auth`',
    },
  );

const userName = secret.refine((name) => !name.includes(':'), { error: 'a user name holds no colon' });

const HttpAuth = strict({
  bearer: secret.optional(),
  basic: strict({ username: userName, password: secret }).optional(),
}).refine(({ bearer, basic }) => (bearer === undefined) !== (basic === undefined), {
  error: 'allowed is either {bearer: token} or {basic: {username, password}}',
});

const timeoutLimits = { least: 100, most: 300_000 };

/** The fields that every provider reached by HTTP has in its configuration. Texts in, milliseconds out. */
export const httpFields = {
  /** Where the backend's API begins; a path is a prefix. No user, query or fragment: secrets have `auth`. */
  url: z.string().superRefine((text, context) => {
    const message = urlProblem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  }),
  auth: HttpAuth.optional(),
  headers: z.record(headerName, secret).optional(),
  /** PEM text of the authorities to trust instead of the system's. */
  ca: z
    .string()
    .refine(isCertificate, { error: 'is no certificate in PEM form (-----BEGIN CERTIFICATE-----)' })
    .optional(),
  timeout: durationSchema
    .refine((ms) => ms >= timeoutLimits.least && ms <= timeoutLimits.most, {
      error: 'allowed is 100ms to 300s',
    })
    .default(10_000),
};

/** `httpFields` after parsing; `timeout` in milliseconds. */
export type HttpOptions = z.infer<z.ZodObject<typeof httpFields>>;

/** Never repeats the text: it may hold a password. */
function urlProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return 'allowed is an http:// or https:// address, such as http://prometheus:9090';
  }
  if (url.username !== '' || url.password !== '') return 'holds a user or password; put them into auth.basic';
  if (url.search !== '' || url.hash !== '')
    return 'holds a query or fragment; allowed are host, port and path';
  return null;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
