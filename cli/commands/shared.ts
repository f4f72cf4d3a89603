/** Points at which an operation can wait for a person (schemas/operation.ts Gate). */
export const gates: readonly string[] = ['before-switch'];

/** `a,b` as a list; the schema judges each. */
export const collect = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((part) => part.trim())
    .filter(Boolean);
