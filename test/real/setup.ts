/** Real servers start, and images may have to be built first; a test that hangs is ended all the same. */
jest.setTimeout(900_000);
