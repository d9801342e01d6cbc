/**
 * As much of Go's text/template (with the functions of sprig) as the shipped notification templates use: pipelines,
 * `if … else … end`, `range $i, $x := …`. Anything else is an error, so that a template cannot outgrow its test.
 */
type Scope = ReadonlyMap<string, unknown>;
type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly pipeline: string }
  | {
      readonly kind: 'if';
      readonly pipeline: string;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: 'range';
      readonly index: string;
      readonly item: string;
      readonly pipeline: string;
      readonly body: readonly Node[];
    };
type Reader = { readonly tokens: readonly string[]; at: number };

/** Nodes up to the next `else` or `end`, which is left for the caller. */
function readNodes(reader: Reader): Node[] {
  const nodes: Node[] = [];
  for (; reader.at < reader.tokens.length; reader.at += 1) {
    const token = reader.tokens[reader.at] ?? '';
    const action = /^\{\{\s*(.*?)\s*\}\}$/s.exec(token)?.[1];
    if (action === 'else' || action === 'end') return nodes;
    if (action === undefined) nodes.push({ kind: 'text', text: token });
    else nodes.push(readAction(action, reader));
  }
  return nodes;
}

function readBody(reader: Reader): Node[] {
  reader.at += 1;
  return readNodes(reader);
}

function readAction(action: string, reader: Reader): Node {
  const range = /^range (\$\w+), (\$\w+) := (.*)$/.exec(action);
  if (range !== null) {
    const [, index = '', item = '', pipeline = ''] = range;
    return { kind: 'range', index, item, pipeline, body: readBody(reader) };
  }
  if (!action.startsWith('if ')) return { kind: 'value', pipeline: action };
  const body = readBody(reader);
  const otherwise = reader.tokens[reader.at]?.includes('else') ? readBody(reader) : [];
  return { kind: 'if', pipeline: action.slice(3), body, otherwise };
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Go marshals the keys of a map in order and escapes `<`, `>` and `&`. */
const toJson = (value: unknown): string =>
  JSON.stringify(value ?? null).replace(/[<>&]/g, (found) => `\\u00${found.charCodeAt(0).toString(16)}`);

const functions: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
  now: () => new Date('2026-11-23T10:20:30Z'),
  date: (_layout, at) => (at as Date).toISOString().replace('.000', ''),
  dict: () => ({}),
  list: () => [],
  default: (fallback, value) => (isEmpty(value) ? fallback : value),
  index: (holder, key) => (holder as Record<string, unknown>)[String(key)],
  toJson,
};

/** Splits at `separator`, not inside strings or parentheses. */
function split(text: string, separator: RegExp): string[] {
  const parts = [''];
  let depth = 0;
  for (const piece of text.match(/"[^"]*"|[()]|\||\s+|[^\s()|"]+/g) ?? []) {
    if (piece === '(') depth += 1;
    if (piece === ')') depth -= 1;
    if (depth === 0 && separator.test(piece)) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function evaluateTerm(term: string, scope: Scope): unknown {
  if (term.startsWith('(')) return evaluate(term.slice(1, -1), scope);
  if (term.startsWith('"')) return JSON.parse(term);
  if (/^\d+$/.test(term)) return Number(term);
  if (functions[term] !== undefined) return functions[term]();
  const [head = '', ...path] = term.split('.');
  if (!scope.has(head)) throw new Error(`unknown term ${term}`);
  return path
    .filter((name) => name !== '')
    .reduce<unknown>(
      (value, name) => (value as Record<string, unknown> | undefined)?.[name],
      scope.get(head),
    );
}

function evaluate(pipeline: string, scope: Scope): unknown {
  let piped: readonly unknown[] = [];
  for (const command of split(pipeline, /^\|$/)) {
    const [head = '', ...rest] = split(command, /^\s+$/);
    const terms = rest.map((term) => evaluateTerm(term, scope));
    const called = functions[head];
    piped = [called === undefined ? evaluateTerm(head, scope) : called(...terms, ...piped)];
  }
  return piped[0];
}

function renderNode(node: Node, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  const value = evaluate(node.pipeline, scope);
  if (node.kind === 'value') return String(value);
  if (node.kind === 'if') return renderAll(isEmpty(value) ? node.otherwise : node.body, scope);
  return (value as readonly unknown[])
    .map((item, index) => renderAll(node.body, new Map([...scope, [node.index, index], [node.item, item]])))
    .join('');
}

function renderAll(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => renderNode(node, scope)).join('');
}

/** Renders `template` with `data` as its dot. */
export function renderGoTemplate(template: string, data: unknown): string {
  const tokens = template.split(/(\{\{.*?\}\})/s).filter((token) => token !== '');
  return renderAll(readNodes({ tokens, at: 0 }), new Map([['', data]]));
}
