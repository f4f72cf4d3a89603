/** Jest's asymmetric matchers with a type: its own are `any`, which the linter does not let into objects. */
export const containing = (text: string): unknown => expect.stringContaining(text);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const anyString: unknown = expect.any(String);
