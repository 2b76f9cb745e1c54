// Each form of the stored data has a number; a migration takes one to the next.
export const SCHEMA = 1;

export async function migrate() {
  const { books } = await chrome.storage.local.get("books");
  await chrome.storage.local.set({ schema: SCHEMA, books: books ?? [] });
}
