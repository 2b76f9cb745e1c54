// Each form of the stored data has a number; a migration takes one to the next.
export const SCHEMA = 2;

export async function migrate() {
  const { books = [] } = await chrome.storage.local.get("books");
  // Form 2: every book says how far it has been read.
  await chrome.storage.local.set({ schema: SCHEMA, books: books.map((book) => ({ progress: 0, ...book })) });
}
