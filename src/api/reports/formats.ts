import type { Request, Response } from 'express';
import { SerinError } from '../../errors.ts';
import { queryWord } from '../query.ts';
import { writeCsv } from './csv.ts';
import { writeMarkdown } from './markdown.ts';
import type { WrittenReport } from './wire.ts';

const formats = ['json', 'csv', 'markdown'] as const;
type Format = (typeof formats)[number];

const types: Readonly<Record<Format, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  markdown: 'text/markdown',
};

/** The form that was asked for: `format`, else what `Accept` prefers by its q-values, else JSON. */
function readFormat(request: Request): Format {
  const named = queryWord(request, 'format', formats);
  if (named !== undefined) return named;
  const accepted = request.accepts(formats.map((format) => types[format]));
  const format = formats.find((one) => types[one] === accepted);
  if (format !== undefined) return format;
  const found = String(request.headers.accept ?? '').slice(0, 100);
  throw new SerinError(
    'not_acceptable',
    `Accept: found "${found}"; allowed are ${formats.map((one) => types[one]).join(', ')}`,
  );
}

/** Answers a report in the form that was asked for; `json` is what JSON answers, if it is more than the report. */
export function sendReport(request: Request, response: Response, report: WrittenReport, json: object): void {
  const format = readFormat(request);
  response.vary('Accept');
  if (format === 'json') {
    response.json(json);
    return;
  }
  const text = format === 'csv' ? writeCsv(report) : writeMarkdown(report);
  response.type(`${types[format]}; charset=utf-8`).send(text);
}
