import { parseSpec, readSpecText } from '../../src/api/spec.ts';

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
};

/** One operation of `openapi.yaml`, as a caller meets it. */
export type DescribedOperation = {
  readonly id: string;
  readonly method: string;
  /** The template of its path. */
  readonly route: string;
  readonly access: string;
  /** Whether it may change anything. */
  readonly writes: boolean;
  /** For parameters of the path that take one of some words: the first of them. */
  readonly words: Readonly<Record<string, string>>;
  /** A body that is good enough to be let in, or `null` where none is read. */
  readonly body: unknown;
};

const spec = parseSpec(readSpecText());
const schemas = spec.components.schemas as Readonly<Record<string, Schema>>;

function resolve(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : resolve(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
}

function leastObject({ required = [], properties = {} }: Schema): unknown {
  return Object.fromEntries(required.map((name) => [name, leastValue(properties[name] ?? {})]));
}

/** The least value of a type. */
const leastOf: Readonly<Record<string, (schema: Schema) => unknown>> = {
  object: leastObject,
  array: ({ items = {} }) => [leastValue(items)],
  integer: () => 1,
  number: () => 1,
  boolean: () => false,
  string: ({ format }) => (format === 'date-time' ? '2026-01-01T00:00:00Z' : 'x'),
};

/** The least value that a schema takes: required members only, the first of alternatives. */
function leastValue(given: Schema): unknown {
  const { enum: words, oneOf = [], anyOf = [], ...schema } = resolve(given);
  const [alternative] = [...oneOf, ...anyOf];
  if (alternative !== undefined) return leastValue(alternative);
  const [type = 'object'] = [schema.type ?? []].flat();
  return words === undefined ? leastOf[type]?.(schema) : words[0];
}

type Example = { readonly value?: unknown };
type Content = Readonly<
  Record<string, { readonly schema?: Schema; readonly examples?: Readonly<Record<string, Example>> }>
>;

/** The first example, or the least that the schema takes. */
function bodyOf(content: Content | undefined): unknown {
  if (content === undefined) return null;
  const [media] = Object.values(content);
  const [example] = Object.values(media?.examples ?? {});
  return example?.value ?? leastValue(media?.schema ?? {});
}

type Parameter = { readonly name?: string; readonly in?: string; readonly schema?: Schema };

function wordsOf(parameters: unknown): Record<string, string> {
  const named = (parameters ?? []) as readonly Parameter[];
  return Object.fromEntries(
    named.flatMap(({ name, in: place, schema }) =>
      place === 'path' && name !== undefined && schema?.enum !== undefined
        ? [[name, String(schema.enum[0])] as const]
        : [],
    ),
  );
}

/** Every operation of the description, so that a new one is tried without anybody thinking of it. */
export const describedOperations: readonly DescribedOperation[] = Object.entries(spec.paths).flatMap(
  ([route, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      operation?.operationId === undefined
        ? []
        : [
            {
              id: operation.operationId,
              method: method.toUpperCase(),
              route,
              access: String(operation['x-serin-access']),
              writes: method !== 'get',
              words: wordsOf(item['parameters']),
              body: bodyOf(operation.requestBody?.content as Content | undefined),
            },
          ],
    ),
);

/** The path of an operation, its `{token}` as given and every other parameter a name that nothing has, or a word. */
export function pathOf(
  { route, words }: Pick<DescribedOperation, 'route' | 'words'>,
  token = 'none',
): string {
  return route
    .replace('{token}', encodeURIComponent(token))
    .replace(/\{([^}]+)\}/g, (_whole, name: string) => words[name] ?? 'nobody');
}

/** Whether the route takes its credential from the path. */
export function takesToken({ route }: Pick<DescribedOperation, 'route'>): boolean {
  return route.includes('{token}');
}
