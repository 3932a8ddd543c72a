// A limit of time on one request, together with whoever else may end it.

export interface TimeLimit {
  readonly signal: AbortSignal;
  /** True when the time is over, not when somebody else ended it. */
  readonly isOver: () => boolean;
  /** Must be called when the work is done. */
  readonly end: () => void;
}

/** One timer and one listener: cheaper than AbortSignal.any with AbortSignal.timeout. */
export function limitTime(ms: number, outer?: AbortSignal): TimeLimit {
  const inner = new AbortController();
  let over = false;
  const timer = setTimeout(() => {
    over = !inner.signal.aborted;
    inner.abort(new Error(`no end within ${ms} ms`));
  }, ms);
  const pass = (): void => inner.abort(outer?.reason);
  if (outer?.aborted === true) pass();
  else outer?.addEventListener('abort', pass, { once: true });
  return {
    signal: inner.signal,
    isOver: () => over,
    end: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', pass);
    },
  };
}
