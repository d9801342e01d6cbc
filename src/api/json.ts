import type { RequestHandler, Response } from 'express';

function writeJson(response: Response, body: unknown): Response {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', bytes.byteLength);
  response.end(bytes);
  return response;
}

/**
 * A middleware after which `response.json` writes exactly `application/json`: JSON has no charset parameter
 * (RFC 8259, section 11), and some pollers compare the header as text. It also saves computing an ETag per poll.
 */
export const plainJson: RequestHandler = (_request, response, next) => {
  response.json = (body?: unknown) => writeJson(response, body);
  next();
};
