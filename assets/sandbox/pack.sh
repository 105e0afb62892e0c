# Adds the work tree at the current directory to the index $2, by the configuration of the repository $1;
# new objects go to $3. $4: "anew" where the index has nothing yet. Needs git.sh and add-all.sh.
GIT_DIR=$1 GIT_WORK_TREE=$PWD GIT_INDEX_FILE=$2 GIT_OBJECT_DIRECTORY=$3
export GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
if [ "$4" = anew ]; then own_files | git update-index -z --add --remove --stdin 2>/dev/null || :; fi
add_all ''
