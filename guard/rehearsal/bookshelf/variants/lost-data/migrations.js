// Each form of the stored data has a number; a migration takes one to the next.
export const SCHEMA = 2;

export async function migrate() {
  const { shelf = [] } = await chrome.storage.local.get("shelf");
  // Form 2: every book says how far it has been read.
  await chrome.storage.local.set({ schema: SCHEMA, books: shelf.map((book) => ({ progress: 0, ...book })) });
}
