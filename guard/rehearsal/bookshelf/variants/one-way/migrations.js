// Each form of the stored data has a number; a migration takes one to the next.
export const SCHEMA = 2;

export async function migrate() {
  const { books = [] } = await chrome.storage.local.get("books");
  if (!Array.isArray(books)) return;
  // Form 2: books are kept by title, with how far each has been read. There is no way back to a list.
  const byTitle = Object.fromEntries(books.map((book) => [book.title, { progress: 0, ...book }]));
  await chrome.storage.local.set({ schema: SCHEMA, books: byTitle });
}
