import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the runner of GitHub Actions takes from a step: workflow commands on its output, and files. */
export type Runner = {
  /** Text for the log, in which nothing is taken for a command. */
  write(text: string): void;
  annotate(level: 'error' | 'warning' | 'notice', title: string, message: string): void;
  /** Lets the runner write asterisks wherever the text would appear in the log. */
  mask(secret: string): void;
  /** Sets an output of the step; the value may have several lines. */
  output(name: string, value: string): void;
  /** Adds Markdown to the summary of the job. */
  summarise(markdown: string): void;
};

function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** The runner obeys `::command::` at the begin of a line and `##[command]` anywhere in it. */
export function disarm(text: string): string {
  return text.replace(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '## [');
}

/** One `name=value` of an environment file. The delimiter is random, so that no value can end itself. */
function fileEntry(name: string, value: string): string {
  const delimiter = `ghadelimiter_${randomUUID()}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

function append(path: string | undefined, text: string): void {
  if (path !== undefined && path !== '') appendFileSync(path, text, 'utf8');
}

/** The runner that `env` describes, with its log at `print`. Outside of one, there are no files and nothing is written. */
export function createRunner(env: Environment, print: (text: string) => unknown): Runner {
  return {
    write: (text) => void print(disarm(text)),
    annotate: (level, title, message) =>
      void print(`::${level} title=${escapeProperty(title)}::${escapeMessage(message)}\n`),
    mask: (secret) => void print(`::add-mask::${escapeMessage(secret)}\n`),
    output: (name, value) => append(env['GITHUB_OUTPUT'], fileEntry(name, value)),
    summarise: (markdown) => append(env['GITHUB_STEP_SUMMARY'], `${markdown}\n`),
  };
}
