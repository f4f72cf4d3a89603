/** `a,b` as a list; the schema judges each. */
export const collect = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((part) => part.trim())
    .filter(Boolean);
