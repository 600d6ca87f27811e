import { dockerError } from './errors.ts';
import type { ApiRequest } from './request.ts';

/** The terminal size in a resize request's query (`h`, `w`). @throws {PierError} `InvalidArgument` in Docker's words. */
export function resizeOf(request: ApiRequest): { readonly height: number; readonly width: number } {
  return { height: side(request, 'h', 'height'), width: side(request, 'w', 'width') };
}

function side(request: ApiRequest, name: string, word: string): number {
  const text = request.text(name);
  if (!/^\d+$/.test(text)) throw dockerError('InvalidArgument', `invalid resize ${word} ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) > 0xffff) throw dockerError('InvalidArgument', `invalid resize ${word} ${JSON.stringify(text)}: value out of range`);
  return Number(text);
}
